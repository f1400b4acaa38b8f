#pragma once

#include "core/base/result.h"

#include <QString>

#include <nlohmann/json.hpp>

namespace farcell::http {

// Front-end settings by section, kept for clients that ask for /api/config: one JSON file each.
class ConfigStore
{
public:
    explicit ConfigStore(QString directory);

    [[nodiscard]] Result<nlohmann::json> read(const QString &section) const; // {} if never written
    [[nodiscard]] Result<> write(const QString &section, const nlohmann::json &value) const;
    // Objects are merged, null removes; returns the whole section.
    [[nodiscard]] Result<nlohmann::json> update(const QString &section,
                                                const nlohmann::json &changes) const;

private:
    [[nodiscard]] Result<QString> file(const QString &section) const;

    QString m_directory;
};

} // namespace farcell::http
