"""The ground: threads, compiler, memory, locks, files moved into place; Theano, configured."""
