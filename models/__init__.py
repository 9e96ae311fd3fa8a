"""Remember: the nouns, and where they are kept. Imports nothing else of ours."""
