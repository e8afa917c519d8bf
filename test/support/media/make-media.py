"""Writes the pictures and sounds of the tests: python make-media.py, with pillow, numpy and soundfile.

Pictures of 24 by 16 pixels with a red half and a blue one; a second of a tone.
"""
from pathlib import Path
import numpy as np
import soundfile
from PIL import Image

folder = Path(__file__).parent
pixels = np.zeros((16, 24, 3), np.uint8)
pixels[:, :12] = (230, 20, 30)
pixels[:, 12:] = (10, 40, 220)
picture = Image.fromarray(pixels)
other = Image.fromarray(pixels[:, ::-1])
for name, options in {
    "halves.png": {},
    "halves.jpg": {"quality": 80},
    "progressive.jpg": {"quality": 80, "progressive": True},
    "halves.gif": {},
    "halves.bmp": {},
    "halves.webp": {"lossless": True},
    "lossy.webp": {"quality": 80},
}.items():
    picture.save(folder / name, **options)
picture.save(folder / "two-frames.gif", save_all=True, append_images=[other])
picture.save(folder / "animated.webp", save_all=True, append_images=[other], lossless=True)
picture.convert("RGBA").save(folder / "opaque.webp", lossless=False, exact=True)

tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
for name in ["tone.wav", "tone.flac", "tone.mp3"]:
    soundfile.write(folder / name, tone, 8000)
