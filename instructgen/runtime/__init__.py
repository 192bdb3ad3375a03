"""Running pipelines: the store, the gateway to the engines, the ordered runner and the run directory."""
