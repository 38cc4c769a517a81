"""What every page shares: rendering, refusals, access declarations, template tags. No models."""
