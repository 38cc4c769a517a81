"""What benchmarks share: figures, load, the product and its peers as running servers."""
