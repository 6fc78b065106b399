"""Which files are decoded as sound, each by the one demuxer named here, and by which codecs.

FFmpeg by itself guesses from content and name, and knows formats that are lists of other files or addresses (concat,
hls, sdp); none of them is reached, because nothing is guessed.
Names are FFmpeg's (``ffmpeg -demuxers``, ``ffmpeg -decoders``).
"""

from __future__ import annotations

DEMUXERS = {
    "audio/wav": "wav",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "mov",
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "audio/amr": "amr",
    "audio/amr-wb": "amr",
    "audio/flac": "flac",
    "audio/aac": "aac",
    "video/webm": "matroska",
}
"""Demuxer by media type as ``gateway.intake.media.sniff`` names it. Of a video only the sound is decoded."""
CODECS = frozenset({
    "pcm_alaw", "pcm_mulaw", "pcm_u8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s32le", "pcm_f32le",
    "adpcm_ima_wav", "adpcm_ms", "gsm", "gsm_ms", "libgsm", "libgsm_ms",
    "mp2", "mp2float", "mp3", "mp3float", "aac", "aac_fixed", "alac", "flac",
    "vorbis", "libvorbis", "opus", "libopus", "speex", "libspeex",
    "amrnb", "amrwb", "libopencore_amrnb", "libopencore_amrwb",
})  # fmt: skip
"""What voice messages, recorders and telephones write."""
