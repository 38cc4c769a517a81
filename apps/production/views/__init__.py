"""Pages of production: the endpoint (deploy) and how it does (monitor)."""
