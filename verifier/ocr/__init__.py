"""Reading text: the Engine protocol, PaddleOCR behind it, the weights, and the engine as a process of its own."""
