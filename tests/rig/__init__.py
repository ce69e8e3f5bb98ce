"""What tests on a real broker share: stage processes on a cluster (pipeline.py), and what its topics must hold (reference.py)."""
from .pipeline import DEPLOYMENT, ROOT, Pipeline, compare, digest, end_of, say, watermarks

__all__ = ["DEPLOYMENT", "ROOT", "Pipeline", "compare", "digest", "end_of", "say", "watermarks"]
