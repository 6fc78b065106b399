"""Audio without a device: G.711, resampling, WAV files, speech detection. Importable by adapters."""
