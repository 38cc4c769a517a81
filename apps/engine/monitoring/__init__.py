"""What happens to a model in production: service, drift, the promised metric, alarms."""
