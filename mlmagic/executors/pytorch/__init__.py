"""PyTorch: a network from a script, from the notebook or built here, trained on tables and images."""
