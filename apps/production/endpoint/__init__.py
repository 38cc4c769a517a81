"""What answers at an endpoint: a call from its token to its reply, as callers are told of it."""
