"""Cameras: sources of frames, the thread that reads them, and the checks that keep them honest."""
