"""How this installation writes dates and times where a page says nothing else."""
