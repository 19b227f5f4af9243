CREATE SCHEMA IF NOT EXISTS hospital;

CREATE TABLE hospital.patients (
    mrn             varchar(8)   PRIMARY KEY,
    last_name       varchar(80)  NOT NULL,
    birth_date      date         NOT NULL,
    sex             char(1),
    phone           varchar(32)
);

CREATE TABLE hospital.visits (
    entry_no        bigint       PRIMARY KEY,
    mrn             varchar(8)   NOT NULL REFERENCES hospital.patients (mrn),
    started_at      timestamptz  NOT NULL,
    ended_at        timestamptz,
    ward            varchar(40)  NOT NULL,
    diagnosis_code  varchar(8)
);
