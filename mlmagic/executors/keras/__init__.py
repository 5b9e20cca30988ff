"""Keras: a network from a script, a file or the notebook, or built here, on tables, images, text and time series."""
