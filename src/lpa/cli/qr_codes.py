"""A QR code in an image, read by zxing-cpp: the only place that knows it and Pillow."""

from __future__ import annotations

from pathlib import Path

import click


def text_in(image: Path) -> str:
    """What the one QR code in an image says.

    Raises a usage error if the image cannot be read or has none or several, or if the extra is not installed.
    """
    try:
        import zxingcpp
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise click.UsageError(
            "Reading QR codes needs the extra 'qr', which is not installed: pip install 'lpa[qr]'."
        ) from error
    try:
        with Image.open(image) as picture:
            found = zxingcpp.read_barcodes(
                picture.convert("L"), zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
            )
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise click.BadParameter(f"{image} is no image that can be read.", param_hint="--qr") from error
    texts = {barcode.text for barcode in found if barcode.valid}
    if len(texts) != 1:
        many = f"{len(texts)} QR codes; cut out the one that is meant" if texts else "no QR code"
        raise click.BadParameter(f"There is {many} in {image}.", param_hint="--qr")
    return str(texts.pop())
