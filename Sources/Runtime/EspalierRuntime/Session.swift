/// One frame of inference after another over a loaded pack.
