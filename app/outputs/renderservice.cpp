#include "app/blocks/images.h"
#include "app/markdown/markdownblock.h"
#include "app/markdown/mathengine.h"
#include "app/outputs/clamppart.h"
#include "app/outputs/nativeoutputarea.h"
#include "app/theme/theme.h"

#include <algorithm>

namespace farcell {

// What all blocks share. Blocks must be gone before it.
class RenderService::Private
{
public:
    explicit Private(ThemeSource &themeSource)
        : theme(themeSource)
    {}

    ThemeSource &theme;
    ImageStore images;
    MathEngine math;
    RenderContext context{theme, images, math};
};

RenderService::RenderService(ThemeSource &theme, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>(theme))
{}

RenderService::~RenderService() = default;

std::unique_ptr<Block> RenderService::markdown(const QString &source, const JsonText &attachments,
                                               const QString &baseDirectory,
                                               const QString &notebook)
{
    return makeMarkdown(source, attachments, baseDirectory, d->context, notebook);
}

std::unique_ptr<OutputArea> RenderService::outputs(const QString &baseDirectory,
                                                   const QString &notebook)
{
    return std::make_unique<NativeOutputArea>(d->context, baseDirectory, notebook);
}

void RenderService::forget(const QString &notebook)
{
    d->math.forget(notebook);
}

bool RenderService::isBusy() const
{
    return d->images.isDecoding() || d->math.pending() > 0;
}

qreal RenderService::estimateMarkdown(const QString &source, qreal width)
{
    // Mean character of the body font is about 7 px wide; a line 22 px high.
    const qreal perLine = std::max(10.0, width / 7.0);
    qreal height = 0;
    qsizetype start = 0;
    const qsizetype seen = std::min<qsizetype>(source.size(), 20'000);
    while (start < seen) {
        qsizetype end = source.indexOf(QLatin1Char('\n'), start);
        end = end < 0 ? source.size() : end;
        const auto length = static_cast<qreal>(end - start);
        if (length == 0)
            height += 10;
        else if (source[start] == QLatin1Char('#'))
            height += 38;
        else
            height += 22 * std::ceil(std::min(length, 100'000.0) / perLine);
        start = end + 1;
    }
    return std::max(22.0, height * static_cast<qreal>(source.size()) /
                              static_cast<qreal>(std::max<qsizetype>(1, seen)));
}

qreal RenderService::estimateOutputs(const OutputList &outputs, qreal width)
{
    if (outputs.isEmpty())
        return 0;
    // Text of a stream fills lines of about 90 characters; an image counts by its many bytes, but
    // either is clamped or fitted to the page, so few kinds of heights occur.
    const qsizetype bytes = outputs.byteSize();
    if (bytes > 12'000)
        return std::min(width * 0.6, ClampPart::limit);
    return std::clamp(static_cast<qreal>(bytes) / 60.0 * 19.0, 19.0, ClampPart::limit);
}

} // namespace farcell
