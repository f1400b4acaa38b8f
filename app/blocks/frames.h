#pragma once

#include <QBuffer>
#include <QImage>
#include <QImageReader>

#include <memory>

namespace farcell {

// The pictures of an animated image (GIF, WebP), decoded one after another at one size. On any
// thread, but one at a time.
class FrameReader
{
    Q_DISABLE_COPY_MOVE(FrameReader)

public:
    // Null: it does not move.
    static std::shared_ptr<FrameReader> open(const QByteArray &bytes, QSize size);

    struct Frame
    {
        QImage image;  // null: it has come to its end
        int delay = 0; // ms until the next one
    };
    [[nodiscard]] Frame next();

private:
    FrameReader(const QByteArray &bytes, QSize size);
    void rewind();

    QBuffer m_buffer;
    std::unique_ptr<QImageReader> m_reader;
    QSize m_size;
    int m_loops = 0; // still to come; -1: for ever
};

} // namespace farcell
