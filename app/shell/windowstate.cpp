#include "app/shell/windowstate.h"

#include "app/recovery/recoverystore.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>

#include <nlohmann/json.hpp>

namespace farcell {

namespace {

using Json = nlohmann::ordered_json;

constexpr qint64 maxBytes = 1 << 20;

QString text(const Json &object, const char *key)
{
    const auto it = object.find(key);
    return it != object.end() && it->is_string()
               ? QString::fromStdString(it->get_ref<const std::string &>())
               : QString();
}

int number(const Json &object, const char *key, int fallback)
{
    const auto it = object.find(key);
    return it != object.end() && it->is_number_integer() ? it->get<int>() : fallback;
}

QByteArray bytes(const Json &object, const char *key)
{
    return QByteArray::fromBase64(text(object, key).toLatin1());
}

Json toJson(const OpenPage &page)
{
    return {{"path", page.path.toStdString()},
            {"file_runtime", page.fileRuntime.toString().toStdString()},
            {"kernel_runtime", page.kernelRuntime.toString().toStdString()},
            {"current_cell", page.currentCell},
            {"top_cell", page.topCell},
            {"top_offset", page.topOffset}};
}

OpenPage pageFrom(const Json &object)
{
    return {text(object, "path"),
            QUrl(text(object, "file_runtime")),
            QUrl(text(object, "kernel_runtime")),
            number(object, "current_cell", -1),
            number(object, "top_cell", -1),
            number(object, "top_offset", 0)};
}

} // namespace

QString WindowState::defaultFile()
{
    return QFileInfo(RecoveryStore().folder()).path() + QStringLiteral("/window.json");
}

WindowState WindowState::load(const QString &file)
{
    QFile input(file);
    if (!input.open(QIODevice::ReadOnly) || input.size() > maxBytes)
        return {};
    const QByteArray data = input.readAll();
    const Json root = Json::parse(data.begin(), data.end(), nullptr, false);
    if (!root.is_object())
        return {};
    WindowState state;
    if (const auto pages = root.find("pages"); pages != root.end() && pages->is_array()) {
        for (const Json &page : *pages) {
            if (page.is_object())
                state.pages.append(pageFrom(page));
        }
    }
    state.current = number(root, "current", -1);
    state.geometry = bytes(root, "geometry");
    state.splitter = bytes(root, "splitter");
    state.panel = text(root, "panel");
    return state;
}

void WindowState::save(const QString &file) const
{
    Json root{{"pages", Json::array()},
              {"current", current},
              {"geometry", geometry.toBase64().toStdString()},
              {"splitter", splitter.toBase64().toStdString()},
              {"panel", panel.toStdString()}};
    for (const OpenPage &page : pages)
        root["pages"].push_back(toJson(page));
    QDir().mkpath(QFileInfo(file).path());
    QSaveFile output(file);
    if (!output.open(QIODevice::WriteOnly))
        return;
    output.write(
        QByteArray::fromStdString(root.dump(1, ' ', false, Json::error_handler_t::replace)) + '\n');
    output.commit();
}

} // namespace farcell
