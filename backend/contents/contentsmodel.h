#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QDateTime>
#include <QString>

#include <ctime>
#include <optional>

namespace farcell {

enum class EntryType
{
    File,
    Directory,
    Notebook
};

// One entry as Jupyter's contents API tells it (jupyter.md 3.6).
struct ContentsModel
{
    QString name;
    QString path;
    EntryType type = EntryType::File;
    bool writable = false;
    timespec created = {};
    timespec modified = {};
    QString mimeType; // empty: null
    QString format;   // text, base64, json; empty: null
    std::optional<qint64> size;
    QByteArray sha256;  // hex; empty: not asked for
    QByteArray content; // encoded JSON; empty: null
    QString message;    // what is wrong with a saved notebook; usually empty
};

[[nodiscard]] QByteArray toJson(const ContentsModel &model);
void appendJson(QByteArray &out, const ContentsModel &model);

[[nodiscard]] EntryType entryType(const QString &name, bool isDirectory);
// By the name's ending; empty if unknown.
[[nodiscard]] QString guessMimeType(const QString &name);
// ISO 8601, UTC, microseconds and "Z", as Jupyter's clients parse it.
[[nodiscard]] QByteArray isoTime(const timespec &time);
[[nodiscard]] QByteArray isoTime(const QDateTime &time);
// A JSON string with its quotes. `utf8` must be valid.
void appendJsonString(QByteArray &out, QByteArrayView utf8);

} // namespace farcell
