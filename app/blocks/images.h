#pragma once

#include <QByteArray>
#include <QImage>
#include <QObject>
#include <QSizeF>
#include <QThreadPool>
#include <QTimer>

#include <list>
#include <memory>

namespace farcell {

class FrameReader;
class ImageStore;

// One encoded image (PNG, JPEG, GIF, BMP, WebP, SVG) and, while it is in view, its pixels at the
// size shown. Decoding happens off the GUI thread; pixels are given up again when many images
// are in memory. An animated one moves on while it is painted. GUI thread; may outlive nothing but
// must not outlive its store.
class StoredImage : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(StoredImage)

public:
    ~StoredImage() override;

    // Read from the header, without decoding. Empty: not an image we can show.
    [[nodiscard]] QSizeF naturalSize() const { return m_naturalSize; }
    [[nodiscard]] bool isValid() const { return !m_naturalSize.isEmpty(); }
    [[nodiscard]] const QByteArray &bytes() const { return m_bytes; }
    [[nodiscard]] QString suffix() const; // "png", "svg", …
    // Transparent with dark ink: needs a light card on a dark page. Known once decoded.
    [[nodiscard]] bool isDarkInk() const { return m_darkInk; }

    // The pixels at this size, or an older size, or null; ready() tells when there is better.
    [[nodiscard]] QImage pixels(QSize size);
    // Decodes at once, in full: for Copy and Save.
    [[nodiscard]] QImage decodeNow() const;

signals:
    void ready();

private:
    friend class ImageStore;
    StoredImage(ImageStore &store, QByteArray bytes);
    struct Decoded
    {
        QImage image;
        bool darkInk = false;
        std::shared_ptr<FrameReader> frames; // null: it does not move
        int delay = 0;                       // ms until the next frame
    };
    void decoded(const Decoded &result, QSize wanted);
    void frameDecoded(const std::shared_ptr<FrameReader> &frames, const QImage &image, int delay);

    ImageStore &m_store;
    QByteArray m_bytes;
    QSizeF m_naturalSize;
    bool m_svg = false;
    QImage m_pixels;
    QSize m_wanted;
    bool m_failed = false;
    bool m_darkInk = false;
    std::shared_ptr<FrameReader> m_frames;
    QTimer m_frameDue;
    bool m_isDecodingFrame = false;
};

// Makes StoredImages, decodes them on a small pool, and keeps decoded pixels within a budget by
// dropping those painted longest ago. GUI thread; owned by the render service.
class ImageStore : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ImageStore)

public:
    explicit ImageStore(QObject *parent = nullptr);
    ~ImageStore() override;

    [[nodiscard]] std::unique_ptr<StoredImage> add(QByteArray bytes);
    [[nodiscard]] bool isDecoding() const { return m_open > 0; }
    [[nodiscard]] qsizetype decodedBytes() const { return m_decodedBytes; }
    void setBudget(qsizetype bytes) { m_budget = bytes; }

private:
    friend class StoredImage;
    void start(StoredImage &image, QSize size);
    void startFrame(StoredImage &image);
    void touch(StoredImage &image);
    void forget(StoredImage &image);
    void evict();

    QThreadPool m_pool;
    std::list<StoredImage *> m_recent; // those with pixels, most recently painted first
    int m_open = 0;                    // being decoded
    qsizetype m_decodedBytes = 0;
    qsizetype m_budget = 192LL * 1024 * 1024;
};

// The SVG without scripts and without references to anything outside itself.
[[nodiscard]] QByteArray sanitizedSvg(const QByteArray &svg);

} // namespace farcell
