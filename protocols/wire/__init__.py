"""One folder per wire protocol; each exports its frozen `PROTOCOL` and its messages."""
