"""Who asks, and what the routes require of them."""
