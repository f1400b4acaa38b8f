#include "app/blocks/frames.h"

namespace farcell {

namespace {

constexpr int shortestDelay = 20; // ms; below, browsers take the usual one
constexpr int usualDelay = 100;

} // namespace

FrameReader::FrameReader(const QByteArray &bytes, QSize size)
    : m_size(size)
{
    m_buffer.setData(bytes);
    m_buffer.open(QIODevice::ReadOnly);
    rewind();
}

std::shared_ptr<FrameReader> FrameReader::open(const QByteArray &bytes, QSize size)
{
    std::shared_ptr<FrameReader> frames(new FrameReader(bytes, size));
    if (!frames->m_reader->supportsAnimation() || frames->m_reader->imageCount() < 2)
        return nullptr;
    frames->m_loops = frames->m_reader->loopCount();
    frames->rewind(); // counting has moved it
    return frames;
}

void FrameReader::rewind()
{
    m_buffer.seek(0);
    m_reader = std::make_unique<QImageReader>(&m_buffer);
}

FrameReader::Frame FrameReader::next()
{
    QImage image = m_reader->read();
    if (image.isNull() && m_loops != 0) {
        m_loops -= m_loops > 0 ? 1 : 0;
        rewind();
        image = m_reader->read();
    }
    if (image.isNull())
        return {};
    if (!m_size.isEmpty() && image.size() != m_size)
        image = image.scaled(m_size, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
    const int delay = m_reader->nextImageDelay();
    return {std::move(image).convertToFormat(QImage::Format_ARGB32_Premultiplied),
            delay < shortestDelay ? usualDelay : delay};
}

} // namespace farcell
