"""Production: endpoints, releases, tokens, predictions, actuals, monitors, alarms."""
