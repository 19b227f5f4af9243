-- Operational copy of the patient administration system.

CREATE SCHEMA IF NOT EXISTS clinic;

CREATE TABLE clinic.patients (
    mrn             varchar(8)   PRIMARY KEY,
    first_name      varchar(80)  NOT NULL,
    last_name       varchar(80)  NOT NULL,
    birth_date      date         NOT NULL,
    sex             char(1),
    email           varchar(160),
    phone           varchar(32),
    pps_number      varchar(9),
    insurance_id    varchar(16),
    registered_at   timestamptz  NOT NULL DEFAULT now()
);

CREATE TABLE clinic.visits (
    entry_no        bigint       PRIMARY KEY,
    mrn             varchar(8)   NOT NULL REFERENCES clinic.patients (mrn),
    started_at      timestamptz  NOT NULL,
    ended_at        timestamptz,
    ward            varchar(40)  NOT NULL,
    diagnosis_code  varchar(8)
);

CREATE TABLE clinic.wards (
    ward            varchar(40)  PRIMARY KEY,
    beds            integer      NOT NULL
);
