"""One module per port and backend; only `petfectior.wiring` imports them."""
