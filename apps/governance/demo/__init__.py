"""The demo: three projects at different gates, built through the same actions a person uses."""
