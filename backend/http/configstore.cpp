#include "backend/http/configstore.h"

#include <QCoreApplication>
#include <QDir>
#include <QRegularExpression>
#include <QSaveFile>

#include <utility>

namespace farcell::http {

namespace {

using nlohmann::json;

constexpr qint64 maxSection = 8LL * 1024 * 1024;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::http", text);
}

// As Jupyter merges: deep for objects, and null takes a key away. Depth is that of the changes.
void merge(json &target, const json &changes)
{
    for (const auto &[key, value] : changes.items()) {
        if (value.is_null())
            target.erase(key);
        else if (value.is_object() && target.contains(key) && target[key].is_object())
            merge(target[key], value);
        else
            target[key] = value;
    }
}

} // namespace

ConfigStore::ConfigStore(QString directory)
    : m_directory(std::move(directory))
{}

Result<QString> ConfigStore::file(const QString &section) const
{
    static const QRegularExpression allowed(QStringLiteral("^\\w[\\w.-]{0,63}$"));
    if (!allowed.match(section).hasMatch())
        return fail(ErrorCode::NotFound, tr("No such section: %1").arg(section));
    return QString(m_directory + u'/' + section + QStringLiteral(".json"));
}

Result<json> ConfigStore::read(const QString &section) const
{
    const auto path = file(section);
    if (!path)
        return tl::unexpected(path.error());
    QFile in(*path);
    if (!in.exists())
        return json::object();
    // Anything else than "not there" is an error: update() would write the loss down.
    if (!in.open(QIODevice::ReadOnly) || in.size() > maxSection)
        return fail(ErrorCode::Internal, tr("Cannot read the settings"), in.errorString());
    const QByteArray text = in.readAll();
    json value = json::parse(text.begin(), text.end(), nullptr, false);
    if (!value.is_object())
        return fail(ErrorCode::Internal, tr("The settings %1 are not a JSON object").arg(section));
    return value;
}

Result<> ConfigStore::write(const QString &section, const json &value) const
{
    const auto path = file(section);
    if (!path)
        return tl::unexpected(path.error());
    QDir().mkpath(m_directory);
    QSaveFile out(*path);
    const QByteArray text =
        QByteArray::fromStdString(value.dump(1, ' ', false, json::error_handler_t::replace));
    if (!out.open(QIODevice::WriteOnly) || out.write(text) != text.size() || !out.commit())
        return fail(ErrorCode::Internal, tr("Cannot write the settings"), out.errorString());
    return {};
}

Result<json> ConfigStore::update(const QString &section, const json &changes) const
{
    auto value = read(section);
    if (!value)
        return value;
    merge(*value, changes);
    if (auto written = write(section, *value); !written)
        return tl::unexpected(written.error());
    return value;
}

} // namespace farcell::http
