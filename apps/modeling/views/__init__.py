"""Pages of the modeling room: experiments and their trials, what is taken home, the sealed test."""
