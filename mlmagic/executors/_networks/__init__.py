"""What PyTorch and Keras share: the keys of training, scripts, arguments, scales. No framework is imported here."""
