"""Language of a text: script and telling letters first, statistics for the rest. Two letters, or "other", or None."""

from __future__ import annotations

import re

from py3langid import langid

OURS = ("en", "ru", "az", "kk", "tr", "uk", "ka", "zh")
ENOUGH = 4_000  # characters that decide; later ones are quotations, lists and names
FEWEST_LETTERS = 2

_LATIN = re.compile(r"[A-Za-zÀ-ɏə]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_GEORGIAN = re.compile(r"[\u10a0-\u10ff\u1c90-\u1cbf]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_OTHER = re.compile(r"[\u0370-\u03ff\u0530-\u05ff\u0600-\u06ff\u0900-\u0e7f]")
_KAZAKH = re.compile("[әғқұіһ]")  # ө, ү and ң are also Kyrgyz and Mongolian; і is also Ukrainian
_ONLY_KAZAKH = re.compile("[әғқұһ]")
_KYRGYZ_MONGOL = re.compile("[өүң]")
_UKRAINIAN = re.compile("[іїєґ]")
_RUSSIAN = re.compile("[ыэъё]")
_SLAVIC_OTHER = re.compile("[ўјљњћђџѓќѕ]")
_AZERI = re.compile("[əƏ]")
_TURKIC_LATIN = re.compile("[ğışĞİŞ]")
# Frequent words that one of the two has and the other writes differently.
_AZERI_WORDS = re.compile(r"\b(?:və|ilə|üçün|edib|olub|deyib|bu|olan|isə|daha|görə|edir|ki|kimi|xəbər|ölkə)\b")
_TURKISH_WORDS = re.compile(r"\b(?:ve|ile|için|etti|oldu|dedi|bir|olan|ise|daha|göre|ediyor|çok|gibi|haber|ülke)\b")


def language_of(text: str, title: str = "") -> str | None:
    """One of OURS, "other", or None where there are no letters. Az against tr and kk against ru hold in short texts."""
    sample = f"{title}\n{text[:ENOUGH]}"
    lower = sample.replace("İ", "i").lower()
    counts = {
        "latin": len(_LATIN.findall(sample)),
        "cyrillic": len(_CYRILLIC.findall(sample)),
        "georgian": len(_GEORGIAN.findall(sample)),
        "han": 2 * len(_HAN.findall(sample)),  # a character is about a syllable
        "kana": 2 * len(_KANA.findall(sample)),
        "other": len(_OTHER.findall(sample)),
    }
    script = max(counts, key=lambda name: counts[name])
    if counts[script] < FEWEST_LETTERS:
        return None
    if script == "han" and counts["kana"] * 10 > counts["han"]:  # Japanese, Korean
        return "other"
    if script == "cyrillic":
        return _cyrillic(lower, counts["cyrillic"])
    if script == "latin":
        return _latin(lower, counts["latin"])
    return {"georgian": "ka", "han": "zh"}.get(script, "other")


def _cyrillic(lower: str, letters: int) -> str:
    kazakh, only_kazakh = len(_KAZAKH.findall(lower)), len(_ONLY_KAZAKH.findall(lower))
    ukrainian, russian = len(_UKRAINIAN.findall(lower)), len(_RUSSIAN.findall(lower))
    if len(_SLAVIC_OTHER.findall(lower)) * 100 > letters:  # Belarusian, Serbian, Macedonian
        return "other"
    if only_kazakh * 50 >= letters or (only_kazakh and kazakh * 12 > letters):  # Kazakh prose has about 12 %
        return "kk"
    others = len(_KYRGYZ_MONGOL.findall(lower))
    if others and "і" in lower:  # neither Kyrgyz nor Mongolian has і, no Slavic language has ү, ң, ө
        return "kk"
    if others * 50 > letters:
        return "other"
    if ukrainian * 40 > letters and ukrainian > russian:  # Ukrainian prose has about 8 %
        return "uk"
    guess = _statistics(lower)
    if guess in ("ru", "uk", "kk"):
        return guess if guess == "ru" or ukrainian or kazakh else "ru"
    return "ru" if russian and letters < 200 else "other"


def _latin(lower: str, letters: int) -> str:
    if len(_AZERI.findall(lower)) * 100 > letters or (letters < 60 and "ə" in lower):  # Azerbaijani prose has about 9 %
        return "az"
    guess = _statistics(lower)
    if guess in ("az", "tr") or len(_TURKIC_LATIN.findall(lower)) * 100 > letters:
        azeri, turkish = len(_AZERI_WORDS.findall(lower)), len(_TURKISH_WORDS.findall(lower))
        if guess in ("az", "tr"):
            return "az" if azeri > turkish or (guess == "az" and azeri == turkish) else "tr"
    return guess if guess in ("en", "az", "tr") else "other"


def _statistics(text: str) -> str:
    return str(langid.classify(text)[0])


def warm_up() -> None:
    """Load the model now, once a process: about 0.1 s."""
    _statistics("warm")
