"""The rules: a catalogue of small pure functions, the engine that runs them over a case, and the batches that tune them."""
