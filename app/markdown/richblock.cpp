#include "app/markdown/markdownblock.h"

#include "app/markdown/htmltokens.h"
#include "app/markdown/imageobject.h"
#include "app/markdown/mathobject.h"
#include "app/theme/theme.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace farcell {

namespace {

constexpr qint64 maxFile = 64LL * 1024 * 1024; // larger image files are not read

// "data:image/png;base64,…" -> bytes.
QByteArray dataUrlBytes(const QString &url)
{
    const qsizetype comma = url.indexOf(QLatin1Char(','));
    if (comma < 0)
        return {};
    const QStringView head = QStringView(url).left(comma);
    const QByteArray body = QStringView(url).mid(comma + 1).toUtf8();
    if (head.endsWith(QLatin1String(";base64"), Qt::CaseInsensitive))
        return QByteArray::fromBase64(QByteArray::fromPercentEncoding(body));
    return QByteArray::fromPercentEncoding(body);
}

QSizeF sizeAttributes(const HtmlToken &image)
{
    const auto pixels = [&image](QLatin1String name) {
        QString value = image.attribute(name);
        if (value.endsWith(QLatin1Char('%')))
            return 0.0; // relative to a box we do not have: natural size, fitted
        value.remove(QStringLiteral("px"));
        return std::clamp(value.toDouble(), 0.0, 20'000.0);
    };
    QSizeF size(pixels(QLatin1String("width")), pixels(QLatin1String("height")));
    for (const QString &declaration :
         image.attribute(QLatin1String("style")).toLower().split(QLatin1Char(';'))) {
        const QString name = declaration.section(QLatin1Char(':'), 0, 0).trimmed();
        QString value = declaration.section(QLatin1Char(':'), 1).trimmed();
        if (!value.endsWith(QLatin1String("px")))
            continue;
        const double number = std::clamp(value.chopped(2).toDouble(), 0.0, 20'000.0);
        if (name == QLatin1String("width"))
            size.setWidth(number);
        else if (name == QLatin1String("height"))
            size.setHeight(number);
    }
    return size;
}

} // namespace

RichBlock::RichBlock(const RenderContext &context, JsonText attachments, QString baseDirectory)
    : TextBlock(context.theme)
    , m_context(context)
    , m_attachments(std::move(attachments))
    , m_baseDirectory(std::move(baseDirectory))
{}

QByteArray RichBlock::attachment(const QString &name) const
{
    if (m_attachments.isNull())
        return {};
    const nlohmann::ordered_json all = m_attachments.toJson();
    if (!all.is_object())
        return {};
    const auto found = all.find(name.toStdString());
    if (found == all.end() || !found->is_object() || found->empty())
        return {};
    const auto &value = found->begin().value();
    std::string encoded;
    if (value.is_string())
        encoded = value.get<std::string>();
    else if (value.is_array())
        for (const auto &part : value)
            encoded += part.is_string() ? part.get<std::string>() : std::string();
    QByteArray bytes = QByteArray::fromStdString(encoded);
    return found->begin().key() == "image/svg+xml" ? bytes : QByteArray::fromBase64(bytes);
}

QByteArray RichBlock::imageBytes(const QString &url, QString *note) const
{
    if (url.startsWith(QLatin1String("data:"), Qt::CaseInsensitive))
        return dataUrlBytes(url);
    const QString decoded = QUrl::fromPercentEncoding(url.toUtf8());
    if (url.startsWith(QLatin1String("attachment:"), Qt::CaseInsensitive)) {
        QByteArray bytes = attachment(decoded.mid(11));
        if (bytes.isEmpty())
            *note = tr("attachment missing");
        return bytes;
    }
    const QUrl parsed(url);
    if (!parsed.scheme().isEmpty() || url.startsWith(QLatin1String("//"))) {
        *note = tr("image on %1, not loaded")
                    .arg(parsed.host().isEmpty() ? tr("another site") : parsed.host());
        return {};
    }
    if (m_baseDirectory.isEmpty() || decoded.startsWith(QLatin1Char('/'))) {
        *note = tr("image file not loaded");
        return {};
    }
    const QString path =
        QDir(m_baseDirectory)
            .filePath(decoded.section(QLatin1Char('?'), 0, 0).section(QLatin1Char('#'), 0, 0));
    const QFileInfo info(path); // never a device or a pipe: reading one could block
    QFile file(path);
    if (!info.isFile() || info.size() > maxFile || !file.open(QIODevice::ReadOnly)) {
        *note = tr("image file not found");
        return {};
    }
    return file.readAll();
}

std::unique_ptr<InlineObject> RichBlock::makeImage(const QString &url, const QString &alt,
                                                   QSizeF wanted, QString *note)
{
    const QByteArray bytes = imageBytes(url, note);
    if (bytes.isEmpty()) {
        if (note->isEmpty())
            *note = tr("image cannot be read");
        return nullptr;
    }
    auto image = m_context.images.add(bytes);
    if (!image->isValid()) {
        *note = tr("image cannot be read");
        return nullptr;
    }
    connect(image.get(), &StoredImage::ready, this, [this] { emit repaintNeeded({}); });
    return std::make_unique<ImageObject>(m_context.theme, std::move(image), wanted, alt);
}

std::unique_ptr<InlineObject> RichBlock::makeImage(const HtmlToken &image, QString *note)
{
    return makeImage(image.attribute(QLatin1String("src")), image.attribute(QLatin1String("alt")),
                     sizeAttributes(image), note);
}

std::unique_ptr<InlineObject> RichBlock::makeMath(const MathSpan &span, const QString &macros,
                                                  const QFont &font)
{
    auto object = std::make_unique<MathObject>(m_context.theme, span, font);
    // The object will be the document's next one.
    const int index = objects().count();
    const auto apply = [this, index, raw = object.get()](const MathResult &result) {
        if (objects().at(index) != raw)
            return; // the document was built anew meanwhile
        raw->setResult(result);
        objectResized(index);
    };
    const QString tex =
        macros.isEmpty() || !span.tex.contains(QLatin1Char('\\')) ? span.tex : macros + span.tex;
    if (const MathResult *known = m_context.math.typeset(tex, span.display, this, apply))
        object->setResult(*known);
    return object;
}

} // namespace farcell
