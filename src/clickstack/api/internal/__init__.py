"""What the web UI asks, with its session cookie. Nobody else may rely on these routes."""
