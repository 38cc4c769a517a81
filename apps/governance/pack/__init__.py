"""Evidence packs: what was decided and on what, as a zip that proves itself without ML Cycle."""
