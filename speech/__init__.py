"""Hearing: decoding, segments, transcription, a worker that holds the model. Nothing here opens a microphone or a page.

Every entry point takes a `ConsentGrant` first; audio stays in memory and is never written anywhere.
"""
