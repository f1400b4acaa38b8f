#include "app/blocks/images.h"

#include "app/blocks/frames.h"

#include <QBuffer>
#include <QImageReader>
#include <QPainter>
#include <QPointer>
#include <QSet>
#include <QSvgRenderer>
#include <QXmlStreamReader>
#include <QXmlStreamWriter>

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

constexpr int maxSide = 16'384;         // pixels; larger pictures are scaled down while decoding
constexpr int maxSvgElements = 400'000; // beyond this it is a bomb, not a picture

bool looksLikeSvg(const QByteArray &bytes)
{
    const QByteArray head = bytes.left(4096);
    return head.contains("<svg") || (head.trimmed().startsWith("<?xml") && bytes.contains("<svg"));
}

QImage renderSvg(const QByteArray &bytes, QSize size)
{
    QSvgRenderer renderer(bytes);
    if (!renderer.isValid())
        return {};
    if (size.isEmpty())
        size = renderer.defaultSize();
    QImage image(size.boundedTo(QSize(maxSide, maxSide)), QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    renderer.render(&painter);
    return image;
}

// `size` empty: as large as it is.
QImage decode(const QByteArray &bytes, bool svg, QSize size)
{
    if (svg)
        return renderSvg(bytes, size);
    QBuffer buffer;
    buffer.setData(bytes);
    buffer.open(QIODevice::ReadOnly);
    QImageReader reader(&buffer);
    reader.setAutoTransform(true);
    QSize natural = reader.size();
    if (natural.width() > maxSide || natural.height() > maxSide)
        reader.setScaledSize(natural.scaled(maxSide, maxSide, Qt::KeepAspectRatio));
    QImage image = reader.read();
    if (!image.isNull() && !size.isEmpty() && image.size() != size)
        image = image.scaled(size, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
    if (image.isNull())
        return image;
    return std::move(image).convertToFormat(QImage::Format_ARGB32_Premultiplied);
}

// Mostly transparent, and what is drawn is dark: would vanish on a dark page.
bool hasDarkInk(const QImage &image)
{
    if (!image.hasAlphaChannel())
        return false;
    const QImage small = image.scaled(48, 48, Qt::IgnoreAspectRatio, Qt::FastTransformation)
                             .convertToFormat(QImage::Format_ARGB32);
    int clear = 0;
    int dark = 0;
    int light = 0;
    for (int y = 0; y < small.height(); ++y) {
        for (int x = 0; x < small.width(); ++x) {
            const QRgb pixel = small.pixel(x, y);
            if (qAlpha(pixel) < 40)
                ++clear;
            else if (qGray(pixel) < 110)
                ++dark;
            else
                ++light;
        }
    }
    return clear > 48 * 48 / 4 && dark > 8 && dark > light / 12;
}

bool isHarmless(const QXmlStreamAttribute &attribute)
{
    const QStringView name = attribute.name();
    if (name.startsWith(QLatin1String("on"), Qt::CaseInsensitive))
        return false;
    const QStringView value = attribute.value().trimmed();
    if (name == QLatin1String("href") || name == QLatin1String("src"))
        return value.startsWith(QLatin1Char('#')) ||
               value.startsWith(QLatin1String("data:image/"), Qt::CaseInsensitive);
    return true;
}

// Names that <use> and its like refer to.
QSet<QString> referencedIds(const QByteArray &svg)
{
    QSet<QString> ids;
    QXmlStreamReader reader(svg);
    while (!reader.atEnd()) {
        if (reader.readNext() != QXmlStreamReader::StartElement ||
            reader.name() != QLatin1String("use"))
            continue;
        for (const QXmlStreamAttribute &attribute : reader.attributes()) {
            if (attribute.name() == QLatin1String("href"))
                ids.insert(attribute.value().trimmed().mid(1).toString());
        }
    }
    return ids;
}

bool isForbidden(QStringView name)
{
    return name == QLatin1String("script") || name == QLatin1String("foreignObject") ||
           name == QLatin1String("iframe");
}

} // namespace

StoredImage::StoredImage(ImageStore &store, QByteArray bytes)
    : m_store(store)
    , m_bytes(std::move(bytes))
    , m_svg(looksLikeSvg(m_bytes))
{
    m_frameDue.setSingleShot(true);
    connect(&m_frameDue, &QTimer::timeout, this, [this] {
        m_isDecodingFrame = true;
        m_store.startFrame(*this);
    });
    if (m_svg) {
        m_bytes = sanitizedSvg(m_bytes);
        const QSvgRenderer renderer(m_bytes);
        if (renderer.isValid())
            m_naturalSize = renderer.defaultSize();
        return;
    }
    QBuffer buffer(&m_bytes);
    buffer.open(QIODevice::ReadOnly);
    QImageReader reader(&buffer);
    QSize size = reader.size();
    if (size.isValid() && reader.transformation().testFlag(QImageIOHandler::TransformationRotate90))
        size.transpose();
    m_naturalSize = size.isValid() ? QSizeF(size) : QSizeF();
}

StoredImage::~StoredImage()
{
    m_store.forget(*this);
}

QString StoredImage::suffix() const
{
    if (m_svg)
        return QStringLiteral("svg");
    QBuffer buffer;
    buffer.setData(m_bytes);
    buffer.open(QIODevice::ReadOnly);
    return QString::fromLatin1(QImageReader::imageFormat(&buffer));
}

QImage StoredImage::pixels(QSize size)
{
    size = size.boundedTo(QSize(maxSide, maxSide)).expandedTo(QSize(1, 1));
    if (!m_pixels.isNull())
        m_store.touch(*this);
    if (m_frames && !m_isDecodingFrame && !m_frameDue.isActive())
        m_frameDue.start();
    if (!m_failed && m_wanted != size) {
        m_wanted = size;
        m_store.start(*this, size);
    }
    return m_pixels;
}

QImage StoredImage::decodeNow() const
{
    return decode(m_bytes, m_svg, m_svg ? (m_naturalSize * 2).toSize() : QSize());
}

void StoredImage::decoded(const Decoded &result, QSize wanted)
{
    if (wanted != m_wanted)
        return; // another size was asked for meanwhile
    m_store.forget(*this);
    m_failed = result.image.isNull();
    m_pixels = result.image;
    m_darkInk = result.darkInk;
    m_frames = result.frames;
    m_isDecodingFrame = false;
    m_frameDue.setInterval(result.delay);
    if (!m_failed)
        m_store.touch(*this);
    emit ready();
}

void StoredImage::frameDecoded(const std::shared_ptr<FrameReader> &frames, const QImage &image,
                               int delay)
{
    if (frames != m_frames)
        return; // of another size, or given up
    m_isDecodingFrame = false;
    if (image.isNull()) { // it stays at its last picture
        m_frames.reset();
        return;
    }
    m_pixels = image;
    m_frameDue.setInterval(delay);
    emit ready();
}

ImageStore::ImageStore(QObject *parent)
    : QObject(parent)
{
    m_pool.setMaxThreadCount(2);
    m_pool.setThreadPriority(QThread::LowPriority);
}

ImageStore::~ImageStore()
{
    m_pool.clear();
    m_pool.waitForDone();
}

std::unique_ptr<StoredImage> ImageStore::add(QByteArray bytes)
{
    return std::unique_ptr<StoredImage>(new StoredImage(*this, std::move(bytes)));
}

void ImageStore::start(StoredImage &image, QSize size)
{
    ++m_open;
    m_pool.start([target = QPointer<StoredImage>(&image), self = this, bytes = image.m_bytes,
                  svg = image.m_svg, size] {
        StoredImage::Decoded result;
        if (!svg)
            result.frames = FrameReader::open(bytes, size);
        if (result.frames) {
            const FrameReader::Frame first = result.frames->next();
            result.image = first.image;
            result.delay = first.delay;
        } else {
            result.image = decode(bytes, svg, size);
        }
        result.darkInk = hasDarkInk(result.image);
        // The store waits for its pool, so it is there to receive; the image may be gone.
        QMetaObject::invokeMethod(
            self,
            [self, target, result, size] {
                --self->m_open;
                if (target)
                    target->decoded(result, size);
            },
            Qt::QueuedConnection);
    });
}

void ImageStore::startFrame(StoredImage &image)
{
    m_pool.start([target = QPointer<StoredImage>(&image), self = this, frames = image.m_frames] {
        const FrameReader::Frame frame = frames->next();
        QMetaObject::invokeMethod(
            self,
            [target, frames, frame] {
                if (target)
                    target->frameDecoded(frames, frame.image, frame.delay);
            },
            Qt::QueuedConnection);
    });
}

void ImageStore::touch(StoredImage &image)
{
    const auto found = std::find(m_recent.begin(), m_recent.end(), &image);
    if (found != m_recent.end()) {
        m_recent.splice(m_recent.begin(), m_recent, found);
        return;
    }
    m_recent.push_front(&image);
    m_decodedBytes += image.m_pixels.sizeInBytes();
    evict();
}

void ImageStore::forget(StoredImage &image)
{
    const auto found = std::find(m_recent.begin(), m_recent.end(), &image);
    if (found == m_recent.end())
        return;
    m_decodedBytes -= image.m_pixels.sizeInBytes();
    m_recent.erase(found);
}

void ImageStore::evict()
{
    while (m_decodedBytes > m_budget && m_recent.size() > 1) {
        StoredImage &oldest = *m_recent.back();
        forget(oldest);
        oldest.m_pixels = {};
        oldest.m_wanted = {};
        oldest.m_frames.reset();
    }
}

QByteArray sanitizedSvg(const QByteArray &svg)
{
    QByteArray clean;
    QXmlStreamReader reader(svg);
    QXmlStreamWriter writer(&clean);
    int elements = 0;
    // A <use> inside of something that is itself used multiplies with every level: a few lines
    // make billions of shapes. Real drawings do not nest them.
    const QSet<QString> used = referencedIds(svg);
    int depth = 0;
    int usedDepth = 0; // where the outermost used element is open, 0 if none
    while (!reader.atEnd() && elements < maxSvgElements) {
        switch (reader.readNext()) {
        case QXmlStreamReader::StartElement:
            ++elements;
            if (isForbidden(reader.name()) ||
                (usedDepth > 0 && reader.name() == QLatin1String("use"))) {
                reader.skipCurrentElement();
                break;
            }
            ++depth;
            if (usedDepth == 0 &&
                used.contains(reader.attributes().value(QLatin1String("id")).toString()))
                usedDepth = depth;
            writer.writeStartElement(reader.qualifiedName().toString());
            for (const QXmlStreamNamespaceDeclaration &ns : reader.namespaceDeclarations())
                writer.writeAttribute(ns.prefix().isEmpty()
                                          ? QStringLiteral("xmlns")
                                          : QStringLiteral("xmlns:") + ns.prefix(),
                                      ns.namespaceUri().toString());
            for (const QXmlStreamAttribute &attribute : reader.attributes()) {
                if (isHarmless(attribute))
                    writer.writeAttribute(attribute.qualifiedName().toString(),
                                          attribute.value().toString());
            }
            break;
        case QXmlStreamReader::EndElement:
            if (depth-- == usedDepth)
                usedDepth = 0;
            writer.writeEndElement();
            break;
        case QXmlStreamReader::Characters:
            writer.writeCharacters(reader.text().toString());
            break;
        default: // the prologue, comments and DTDs are of no use here
            break;
        }
    }
    return clean;
}

} // namespace farcell
