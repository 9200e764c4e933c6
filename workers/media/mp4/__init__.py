"""An MP4 or MOV cut into CMAF segments from its own sample tables: nothing is decoded, nothing is encoded.

    index = open_index(path)                                       # index.py   raises NotCopyable with the reason
    plan_video(index, stream, target) -> PicturePassage            # plan.py    cuts, end, peak, average, codecs
    plan_audio(index, stream) -> SoundPassage                      # plan.py    start, sample rate, channels
    cut_video(index, stream, boundaries, end, first=n) -> [Cut]    # cut.py     a segment per boundary
    cut_audio(index, stream, grid, frames) -> {number: bytes}      # cut.py     AAC frames
    video_head(entry, timescale), audio_head(entry) -> bytes       # head.py    the init segments

`stream` is ffmpeg's stream index, which is the place of the track in the file. Times are Fractions of seconds on the
film's clock, equal to what ffmpeg calls them with `-copyts -start_at_zero`. `workers/media/copying.py` stands on this
package and is what jobs call. The files are hostile: whatever is wrong with one ends in NotCopyable.
"""
