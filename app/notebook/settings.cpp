#include "app/notebook/settings.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <QStandardPaths>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace farcell {

using Json = nlohmann::ordered_json;

namespace {

constexpr int maxRecent = 20;
const auto recentKey = QStringLiteral("recentFiles");

} // namespace

Settings::Settings(QString file, QObject *parent)
    : QObject(parent)
    , m_file(std::move(file))
    , m_root(std::make_unique<Json>(Json::object()))
{
    QFile input(m_file);
    if (m_file.isEmpty() || !input.open(QIODevice::ReadOnly))
        return;
    const QByteArray text = input.readAll();
    Json root = Json::parse(text.begin(), text.end(), nullptr, false);
    if (root.is_object())
        *m_root = std::move(root);
}

Settings::~Settings() = default;

QString Settings::directory()
{
    return QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) +
           QStringLiteral("/farcell");
}

void Settings::save()
{
    emit changed();
    if (m_file.isEmpty())
        return;
    QDir().mkpath(QFileInfo(m_file).path());
    QSaveFile output(m_file);
    if (!output.open(QIODevice::WriteOnly))
        return;
    output.write(
        QByteArray::fromStdString(m_root->dump(2, ' ', false, Json::error_handler_t::replace)) +
        '\n');
    output.commit();
}

bool Settings::flag(const char *key, bool fallback) const
{
    const auto it = m_root->find(key);
    return it != m_root->end() && it->is_boolean() ? it->get<bool>() : fallback;
}

void Settings::setFlag(const char *key, bool on)
{
    (*m_root)[key] = on;
    save();
}

Settings::ThemeChoice Settings::theme() const
{
    const QString name = value(QStringLiteral("theme"));
    if (name == QStringLiteral("light"))
        return ThemeChoice::Light;
    return name == QStringLiteral("dark") ? ThemeChoice::Dark : ThemeChoice::System;
}

void Settings::setTheme(ThemeChoice choice)
{
    setValue(QStringLiteral("theme"), choice == ThemeChoice::Light  ? QStringLiteral("light")
                                      : choice == ThemeChoice::Dark ? QStringLiteral("dark")
                                                                    : QStringLiteral("system"));
}

int Settings::codeFontSize() const
{
    const auto it = m_root->find("codeFontSize");
    return it != m_root->end() && it->is_number_integer() ? qBound(8, it->get<int>(), 40) : 13;
}

void Settings::setCodeFontSize(int pixels)
{
    (*m_root)["codeFontSize"] = qBound(8, pixels, 40);
    save();
}

bool Settings::lineNumbers() const
{
    return flag("lineNumbers", false);
}
void Settings::setLineNumbers(bool on)
{
    setFlag("lineNumbers", on);
}
bool Settings::autosave() const
{
    return flag("autosave", true);
}
void Settings::setAutosave(bool on)
{
    setFlag("autosave", on);
}
bool Settings::restoreTabs() const
{
    return flag("restoreTabs", true);
}
void Settings::setRestoreTabs(bool on)
{
    setFlag("restoreTabs", on);
}
int Settings::notifyAfter() const
{
    const auto it = m_root->find("notifyAfter");
    return it != m_root->end() && it->is_number_integer() ? std::max(it->get<int>(), 0) : 30;
}

void Settings::setNotifyAfter(int seconds)
{
    (*m_root)["notifyAfter"] = seconds;
    save();
}

bool Settings::prewarm() const
{
    return flag("prewarm", true);
}
void Settings::setPrewarm(bool on)
{
    setFlag("prewarm", on);
}

QStringList Settings::recentFiles() const
{
    return list(recentKey);
}

void Settings::addRecentFile(const QString &place)
{
    QStringList files = recentFiles();
    files.removeAll(place);
    files.prepend(place);
    setList(recentKey, files.mid(0, maxRecent));
}

void Settings::removeRecentFile(const QString &place)
{
    QStringList files = recentFiles();
    if (files.removeAll(place) > 0)
        setList(recentKey, files);
}

QString Settings::value(const QString &key) const
{
    const auto it = m_root->find(key.toStdString());
    return it != m_root->end() && it->is_string()
               ? QString::fromStdString(it->get_ref<const std::string &>())
               : QString();
}

void Settings::setValue(const QString &key, const QString &value)
{
    (*m_root)[key.toStdString()] = value.toStdString();
    save();
}

QStringList Settings::list(const QString &key) const
{
    QStringList values;
    const auto it = m_root->find(key.toStdString());
    if (it == m_root->end() || !it->is_array())
        return values;
    for (const Json &entry : *it) {
        if (entry.is_string())
            values.append(QString::fromStdString(entry.get_ref<const std::string &>()));
    }
    return values;
}

void Settings::setList(const QString &key, const QStringList &value)
{
    Json array = Json::array();
    for (const QString &entry : value)
        array.push_back(entry.toStdString());
    (*m_root)[key.toStdString()] = std::move(array);
    save();
}

} // namespace farcell
