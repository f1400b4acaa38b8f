#include "core/notebook/cell.h"

#include <QUuid>

#include <algorithm>
#include <atomic>

namespace farcell {

const JsonText *MimeBundle::find(QStringView mime) const
{
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [mime](const auto &entry) { return entry.first == mime; });
    return found == entries.end() ? nullptr : &found->second;
}

void MimeBundle::set(const QString &mime, JsonText value)
{
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&mime](const auto &entry) { return entry.first == mime; });
    if (found == entries.end())
        entries.emplace_back(mime, std::move(value));
    else
        found->second = std::move(value);
}

CellId newCellId()
{
    static std::atomic<quint64> last{0};
    return CellId(QLatin1Char('c') + QString::number(++last, 36));
}

QString newFileId()
{
    return QUuid::createUuid().toString(QUuid::WithoutBraces).left(8);
}

QString typeNameOf(const Cell &cell)
{
    switch (cell.kind) {
    case CellKind::Code:
        return QStringLiteral("code");
    case CellKind::Markdown:
        return QStringLiteral("markdown");
    case CellKind::Raw:
        return QStringLiteral("raw");
    case CellKind::Unknown:
        break;
    }
    return cell.typeName;
}

CellKind kindOfTypeName(QStringView name)
{
    if (name == QLatin1String("code"))
        return CellKind::Code;
    if (name == QLatin1String("markdown"))
        return CellKind::Markdown;
    if (name == QLatin1String("raw"))
        return CellKind::Raw;
    return CellKind::Unknown;
}

} // namespace farcell
