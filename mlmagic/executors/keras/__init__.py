"""Keras: a network from a script, a file or the notebook, or built here, trained on tables and images."""
