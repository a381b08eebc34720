// Pictures and tensors in files.
