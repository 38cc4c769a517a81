"""Settings: `base` reads the environment; `production`, `dev` and `test` hold only differences."""
