"""Small distributions to begin a plugin from: `shortmeasure plugin new KIND NAME` copies one and fills in its names."""
