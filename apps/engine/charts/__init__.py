"""Figure builders: engine results in, Plotly JSON out. The only place that imports plotly."""
